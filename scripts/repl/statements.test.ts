import { expect } from 'chai';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { attend } from './attend.js';
import { fakeSession } from './fake-session.js';

/** Feeds `text` as the whole input of `--repl`. */
async function statements(text: string, parts = fakeSession()) {
  const input = new PassThrough();
  const [output, errors] = [new PassThrough(), new PassThrough()];
  parts.machine.start();
  const status = attend(parts.session, { repl: true, console: true, input, output, errors });
  input.end(text);
  parts.rise();
  return {
    status: await status,
    out: String(output.read() ?? ''),
    err: String(errors.read() ?? ''),
    ...parts,
  };
}

describe('statements from an input that is no terminal', () => {
  it('print each result, and end with the input and status 0', async () => {
    const { out, err, status } = await statements('1 + 1\nlet text = "a"\ntext + "b"\n');
    expect([out, err, status]).to.deep.equal(["2\n'ab'\n", '', 0]);
  });

  it('wait for the one before, and for a promise that it answers', async () => {
    const { out } = await statements(
      'let order = []\nawait new Promise((done) => setImmediate(done)).then(() => order.push(1))\n' +
        'Promise.resolve().then(() => order.push(2))\norder.push(3)\norder\n',
    );
    expect(out).to.equal('1\n2\n3\n[ 1, 2, 3 ]\n');
  });

  it('wait for the machine to be up before the first', async () => {
    const parts = fakeSession();
    parts.machine.start();
    const input = new PassThrough();
    const output = new PassThrough();
    const status = attend(parts.session, { repl: true, console: true, input, output, errors: output });
    input.end('"up"\n');
    await sleep(20);
    expect(output.read()).to.equal(null);
    parts.rise();
    expect(await status).to.equal(0);
    expect(String(output.read())).to.equal("'up'\n");
  });

  it('may go over several lines', async () => {
    const { out } = await statements('function f() {\n  return 5;\n}\nf()\n');
    expect(out).to.equal('5\n');
  });

  it('go on after a mistake, which is one line and makes the status 1', async () => {
    const { out, err, status } = await statements('nothing.here\nthrow 5\nps(\n)[0].name\n');
    expect(out).to.equal("'init'\n");
    expect(err).to.equal('Uncaught ReferenceError: nothing is not defined\nUncaught 5\n');
    expect(status).to.equal(1);
  });

  it('report an input that ends within a statement', async () => {
    const { err, status } = await statements('f(');
    expect([err, status]).to.deep.equal(['Uncaught SyntaxError: the input ended within a statement\n', 1]);
  });

  it('end at .exit, and print help for one name or all', async () => {
    const { out, machine } = await statements('.help ps\n.help\n.exit\n1\n');
    expect(out)
      .to.match(/^ps {2}ps\(\): every context/)
      .and.to.include('until(')
      .and.not.to.match(/^1$/m);
    expect(machine.state).to.equal('poweredOff');
  });

  it('print contexts, plugins and ports as tables', async () => {
    const parts = fakeSession();
    parts.machine.ports.claim(0x3f8, 8, { read8: () => 0, write8: () => {} });
    const { out } = await statements('ps()\nports\nrun("ls")\n', parts);
    expect(out.split('\n')).to.deep.equal([
      'id  pid  name  kind     state     call      cpuMs',
      ' 1    1  init  isolate  blocked   sys_read     12',
      '20    2  ion   native   runnable                3',
      'base   length  owner',
      '0x3f8       8  machine',
      "{ status: 0, output: 'ran ls\\n' }",
      '',
    ]);
  });

  it('wait with until for what the guest prints, and time out with a remedy', async () => {
    const parts = fakeSession();
    setTimeout(() => parts.says('halfcell login: '), 20);
    const { out, err } = await statements('until("login:")\nuntil(/x/, { timeoutS: 0.02 })\n', parts);
    expect(out).to.equal("'halfcell login:'\n");
    expect(err).to.include('the guest did not print /x/ within 0.02 s; give more time');
  });

  it('name what this machine has not', async () => {
    const { run: _run, ...session } = fakeSession().session;
    const parts = fakeSession();
    const { err } = await statements('await run("ls")\n', {
      ...parts,
      session: { ...session, up: parts.session.up },
    });
    expect(err).to.include('this machine has no shell; boot an image with one');
  });

  it('load, swap and unload plugins, and name a plugin that does not exist', async () => {
    const parts = fakeSession();
    const plugin = { name: 'lamp', needs: [], start: () => ({}) };
    const session = {
      ...parts.session,
      findPlugin: async (name: string) => (name === 'lamp' ? plugin : undefined),
    };
    const { out, err } = await statements(
      'load("lamp")\nswap("lamp")\nplugins\nunload("lamp")\nload("lump")\n',
      {
        ...parts,
        session,
      },
    );
    expect(out).to.match(/^'lamp loaded'\n'lamp swapped'\nname .*\nlamp .* 1\n'lamp unloaded'\n$/);
    expect(err).to.include('there is no plugin lump; give the path of its .ts or .js file');
  });
});
