import { ANY, HOUR_PM, RegB } from './registers.js';

/** A time of day and date, in plain numbers: hours 0..23, month 1..12, day of week 1 = Sunday. */
export interface DateTime {
  seconds: number;
  minutes: number;
  hours: number;
  dayOfWeek: number;
  date: number;
  month: number;
  year: number;
}

/** Seconds since 1970-01-01 UTC. Fields out of range carry over, so that whatever a guest writes is some time. */
export function toSeconds({ year, month, date, hours, minutes, seconds }: DateTime): number {
  const ms = new Date(0).setUTCFullYear(year, month - 1, date);
  return ms / 1000 + hours * 3600 + minutes * 60 + seconds;
}

export function fromSeconds(secondsSinceEpoch: number): DateTime {
  const date = new Date(secondsSinceEpoch * 1000);
  return {
    seconds: date.getUTCSeconds(),
    minutes: date.getUTCMinutes(),
    hours: date.getUTCHours(),
    dayOfWeek: date.getUTCDay() + 1,
    date: date.getUTCDate(),
    month: date.getUTCMonth() + 1,
    year: date.getUTCFullYear(),
  };
}

/** A number as register B says: binary, or two decimal digits. */
export function encode(value: number, regB: number): number {
  return regB & RegB.DM_BINARY ? value & 0xff : ((Math.floor(value / 10) % 10) << 4) | (value % 10);
}

export function decode(byte: number, regB: number): number {
  return regB & RegB.DM_BINARY ? byte : (byte >> 4) * 10 + (byte & 0xf);
}

/** An hour 0..23, in the 12-hour form with its PM bit when register B says so. */
export function encodeHours(hours: number, regB: number): number {
  if (regB & RegB.HOURS_24) return encode(hours, regB);
  return encode(hours % 12 || 12, regB) | (hours >= 12 ? HOUR_PM : 0);
}

export function decodeHours(byte: number, regB: number): number {
  if (regB & RegB.HOURS_24) return decode(byte, regB);
  return (decode(byte & ~HOUR_PM, regB) % 12) + (byte & HOUR_PM ? 12 : 0);
}

export interface Alarm {
  seconds: number;
  minutes: number;
  hours: number;
}

const SECONDS_A_DAY = 86_400;

/** The first second after `after` that the alarm bytes match; undefined when they match none. */
export function nextAlarm(after: number, alarm: Alarm, regB: number): number | undefined {
  const matches = {
    seconds: alarm.seconds >= ANY ? undefined : decode(alarm.seconds, regB),
    minutes: alarm.minutes >= ANY ? undefined : decode(alarm.minutes, regB),
    hours: alarm.hours >= ANY ? undefined : decodeHours(alarm.hours, regB),
  };
  const end = after + SECONDS_A_DAY;
  for (let second = after + 1; second <= end; second = skip(second, matches)) {
    if (skip(second, matches) === second) return second;
  }
  return undefined;
}

type Matches = { readonly [Field in keyof Alarm]: number | undefined };

/** `second` itself when it matches, otherwise the next that may. */
function skip(second: number, { seconds, minutes, hours }: Matches): number {
  const ofDay = ((second % SECONDS_A_DAY) + SECONDS_A_DAY) % SECONDS_A_DAY;
  if (hours !== undefined && Math.floor(ofDay / 3600) !== hours) return second + 3600 - (ofDay % 3600);
  if (minutes !== undefined && Math.floor(ofDay / 60) % 60 !== minutes) return second + 60 - (ofDay % 60);
  return seconds !== undefined && ofDay % 60 !== seconds ? second + 1 : second;
}
