import { binary, expr, load, store, unary } from './expr.js';
import type { Expr } from './expr.js';

const f64Bytes = (value: number) => [...new Uint8Array(Float64Array.of(value).buffer)];

export const f32 = {
  load: load('f32', 0x2a),
  store: store(0x38),
  abs: unary('f32', 0x8b),
  neg: unary('f32', 0x8c),
  nearest: unary('f32', 0x90),
  sqrt: unary('f32', 0x91),
  add: binary('f32', 0x92),
  sub: binary('f32', 0x93),
  mul: binary('f32', 0x94),
  div: binary('f32', 0x95),
  eq: binary('i32', 0x5b),
  ne: binary('i32', 0x5c),
  lt: binary('i32', 0x5d),
  gt: binary('i32', 0x5e),
  le: binary('i32', 0x5f),
  ge: binary('i32', 0x60),
  convertI32S: unary('f32', 0xb2),
  convertI64S: unary('f32', 0xb4),
  demote: unary('f32', 0xb6),
  reinterpret: unary('f32', 0xbe),
};

export const f64 = {
  const: (value: number): Expr => expr('f64', [0x44, ...f64Bytes(value)]),
  load: load('f64', 0x2b),
  store: store(0x39),
  abs: unary('f64', 0x99),
  neg: unary('f64', 0x9a),
  ceil: unary('f64', 0x9b),
  floor: unary('f64', 0x9c),
  trunc: unary('f64', 0x9d),
  nearest: unary('f64', 0x9e),
  sqrt: unary('f64', 0x9f),
  add: binary('f64', 0xa0),
  sub: binary('f64', 0xa1),
  mul: binary('f64', 0xa2),
  div: binary('f64', 0xa3),
  eq: binary('i32', 0x61),
  ne: binary('i32', 0x62),
  lt: binary('i32', 0x63),
  gt: binary('i32', 0x64),
  le: binary('i32', 0x65),
  ge: binary('i32', 0x66),
  convertI32S: unary('f64', 0xb7),
  convertI64S: unary('f64', 0xb9),
  promote: unary('f64', 0xbb),
  reinterpret: unary('f64', 0xbf),
};

/** Out of range answers the nearest integer, NaN answers 0. */
export const truncateSaturated = {
  i32: unary('i32', 0xfc, 2),
  i64: unary('i64', 0xfc, 6),
};
