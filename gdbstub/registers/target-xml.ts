import type { Target } from '../target.js';
import { attributes } from '../xml.js';
import { featuresOf } from './description.js';
import type { Feature, Register } from './description.js';

function registerXml(register: Register): string {
  const { name, bits, type, group } = register;
  return `<reg${attributes({ name, bitsize: bits, type, group })}/>`;
}

const featureXml = (feature: Feature): string =>
  `<feature name="${feature.name}">${feature.types ?? ''}${feature.registers.map(registerXml).join('')}</feature>`;

/** The target description: gdb manual, appendix G. */
export function targetXml(target: Target): string {
  const features = featuresOf(target).map(featureXml).join('\n');
  return [
    '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd">',
    '<target version="1.0"><architecture>i386:x86-64</architecture>',
    `<osabi>${target.osAbi ?? 'none'}</osabi>`,
    `${features}</target>`,
  ].join('\n');
}
