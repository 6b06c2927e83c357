/** Numbers, times and lists as people of a language write them. */
import type { Texts } from './texts.ts';

/** Such as `0:07`. */
export function stopwatch(ms: number): string {
  const whole = Math.floor(Math.max(0, ms) / 1000);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** Such as `5 minutes ago`. */
export function ago(t: Texts, ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const format = new Intl.RelativeTimeFormat(t.language);
  if (seconds < 1) return t('action.justNow');
  if (seconds < 60) return format.format(-seconds, 'second');
  if (seconds < 3600) return format.format(-Math.floor(seconds / 60), 'minute');
  if (seconds < 86_400) return format.format(-Math.floor(seconds / 3600), 'hour');
  return format.format(-Math.floor(seconds / 86_400), 'day');
}

export function fileSize(t: Texts, bytes: number): string {
  return bytes < 1_000_000
    ? t('number.kilobytes', { count: Math.max(1, Math.round(bytes / 1000)) })
    : t('number.megabytes', { count: bytes / 1_000_000 });
}

/** To the cent; below one cent, to one significant digit. */
export function money({ language }: Texts, amount: number, currency: string): string {
  const digits = amount > 0 && amount < 0.01 ? { maximumSignificantDigits: 1 } : {};
  return new Intl.NumberFormat(language, { style: 'currency', currency, ...digits }).format(amount);
}

/** A date with its time. */
export const moment = ({ language }: Texts, at: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at));

/** A date with its time to the second, and the time zone: for what has to be read elsewhere and later. */
export const timestamp = ({ language }: Texts, at: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'long' }).format(new Date(at));

/** Such as `Square, High`. */
export const list = ({ language }: Texts, items: readonly string[]): string =>
  new Intl.ListFormat(language, { type: 'unit', style: 'short' }).format(items);

/** The ends of a digest, enough to compare by eye. */
export const shortDigest = (sha256: string): string => `${sha256.slice(0, 8)} … ${sha256.slice(-8)}`;
