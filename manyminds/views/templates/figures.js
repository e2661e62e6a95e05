"use strict";
// Amounts as the command line writes them; it stands before the script of each page.
function dollars(sum) {
  if (sum > 0 && sum < 0.0001) return "less than $0.0001";
  const digits = sum >= 1 || sum === 0 ? 2 : 4;
  return `$${sum.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

function seconds(number) {
  return number.toLocaleString("en", { maximumSignificantDigits: number < 1000 ? 3 : 21 });
}
