import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SCENARIOS = fileURLToPath(new URL('exit-scenarios.ts', import.meta.url));

async function runScenario(...args: string[]) {
  const child = spawn(process.execPath, ['--no-node-snapshot', '--import', 'tsx', SCENARIOS, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
  const report = JSON.parse(text || '{}') as { kinds?: string[]; mustSigkill?: boolean };
  return { status, signal, ...report };
}

describe('the host process after a shutdown of isolates', () => {
  const ends = { idle: 'exit', throwing: 'throw', spinning: 'killed', blocked: 'killed', flooding: 'killed' };
  for (const [doing, kind] of Object.entries(ends)) {
    it(`exits with its own status when its programs were ${doing}`, async () => {
      const kinds = Array<string>(5).fill(kind);
      expect(await runScenario(doing)).to.deep.equal({ status: 7, signal: null, kinds, mustSigkill: false });
    });
  }

  for (const growth of ['map', 'fill']) {
    it(`lives on after one growth beyond the limit (${growth}), and knows whether only SIGKILL can end it`, async () => {
      const { kinds, ...report } = await runScenario(growth, '1');
      const lost = { status: null, signal: 'SIGKILL', mustSigkill: true };
      const ended = { status: 7, signal: null, mustSigkill: false };
      expect(kinds).to.have.members([report.mustSigkill ? 'catastrophe' : 'memory']);
      expect(report).to.deep.equal(report.mustSigkill ? lost : ended);
    }).timeout(40_000);
  }
});
