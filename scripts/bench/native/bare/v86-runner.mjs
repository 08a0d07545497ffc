// v86-runner MODULE IMAGE COMMAND-LINE: an image with a Multiboot header on v86, its serial port on standard input and output.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [module, image, commandLine] = process.argv.slice(2);
const { V86 } = await import(pathToFileURL(module).href);
const kernel = readFileSync(image);
const machine = new V86({
  wasm_path: join(dirname(module), 'v86.wasm'),
  memory_size: 64 * 2 ** 20,
  multiboot: { buffer: kernel.buffer.slice(kernel.byteOffset, kernel.byteOffset + kernel.byteLength) },
  cmdline: commandLine,
  autostart: true,
  disable_speaker: true,
  fastboot: true,
});
machine.add_listener('serial0-output-byte', (byte) => process.stdout.write(String.fromCharCode(byte)));
process.stdin.on('data', (bytes) => machine.serial0_send(bytes.toString('latin1')));
