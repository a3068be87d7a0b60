// How times, counts and sizes read: numbers and dates as the reader's locale writes them, sentences in the page's English.

const numbers = new Intl.NumberFormat();
const rough = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const few = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const shares = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });
const dates = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const times = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const ages = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

const minute = 60;
const hour = 60 * minute;
const oneDay = 24 * hour;

export const now = () => Date.now() / 1000;

export const number = (value) => numbers.format(value);

/** A number with three digits that count. */
export const decimal = (value) => few.format(value);

/** A number to the nearest thousand or million: "1.2M". */
export const roughly = (value) => rough.format(value);

/** A share of 1 in whole percent, and 100 % only for the whole. */
export const share = (value) => shares.format(value < 1 ? Math.min(value, 0.99) : 1);

export const lines = (count) => `${number(count)} ${count === 1 ? "line" : "lines"}`;

/** Lines in a second, or in a minute where they are few: "12 lines a second", "1 line a minute". */
export function rate(perSecond) {
  const [value, unit] = perSecond >= 1 ? [perSecond, "second"] : [perSecond * 60, "minute"];
  const text = few.format(value);
  return `${text} ${text === "1" ? "line" : "lines"} a ${unit}`;
}

/** A time in seconds since 1970, with its date. */
export const date = (seconds) => dates.format(seconds * 1000);

/** The date of a day, by its first second in UTC. */
export const day = (seconds) => days.format(seconds * 1000);

/** A time in seconds since 1970, without its date. */
export const time = (seconds) => times.format(seconds * 1000);

/** How far off a time is: "3 min. ago", "in 23 hr.". */
export function age(seconds) {
  const away = seconds - now();
  const size = Math.abs(away);
  const [unit, length] = size < minute ? ["second", 1] : size < hour ? ["minute", minute] : size < oneDay ? ["hour", hour] : ["day", oneDay];
  return size < 5 ? "just now" : ages.format(Math.trunc(away / length), unit).replace(".", "");
}

/** A length of time in its one or two largest units: "4 s", "2 min 5 s", "3 h 10 min", "2 d 4 h". */
export function duration(seconds, units = 2) {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [[Math.floor(whole / oneDay), "d"], [Math.floor(whole / hour) % 24, "h"], [Math.floor(whole / minute) % 60, "min"], [whole % 60, "s"]];
  const first = parts.findIndex(([count]) => count > 0);
  return first < 0 ? "0 s" : parts.slice(first, first + units).filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`).join(" ");
}

export function bytes(count) {
  const units = ["bytes", "KB", "MB", "GB"];
  const step = count < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  const value = count / 1000 ** step;
  return `${new Intl.NumberFormat(undefined, { maximumFractionDigits: step > 0 && value < 10 ? 1 : 0 }).format(value)} ${units[step]}`;
}
