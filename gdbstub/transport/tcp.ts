import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A debugger that does not read is not served further until it does. */
const BACKLOG_BYTES = 4 * 1024 * 1024;
const KEEP_ALIVE_MS = 10_000;
const LEAVE_LIMIT_MS = 500;

export interface Connection {
  send(bytes: Uint8Array): void;
  /** The peer does not keep up; `drained` follows. */
  readonly congested: boolean;
  /** What was sent still arrives. */
  close(): void;
}

export interface ConnectionEvents {
  receive(chunk: Uint8Array): void;
  drained(): void;
  /** Exactly once, whoever ended it and however. */
  ended(): void;
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

export type Accept = (connection: Connection) => ConnectionEvents;

function serve(socket: Socket, accept: Accept): void {
  socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
  // 'close' always follows and says all that matters.
  socket.on('error', () => {});
  const events = accept(connectionOf(socket));
  socket.on('data', (chunk: Buffer) => events.receive(chunk));
  socket.on('drain', () => {
    socket.resume();
    events.drained();
  });
  socket.on('end', () => socket.end());
  socket.on('close', () => events.ended());
}

const connectionOf = (socket: Socket): Connection => ({
  send: (bytes) => send(socket, bytes),
  get congested() {
    return socket.writableLength > BACKLOG_BYTES;
  },
  close: () => socket.end(),
});

function send(socket: Socket, bytes: Uint8Array): void {
  if (socket.writable) socket.write(bytes);
  if (socket.writableLength > BACKLOG_BYTES) socket.pause();
}

/** What was sent to a peer that is being left still arrives, if it comes to fetch it. */
function stop(server: Server, sockets: Set<Socket>): Promise<void> {
  for (const socket of sockets) if (!socket.writableEnded) socket.destroy();
  const late = setTimeout(() => sockets.forEach((socket) => socket.destroy()), LEAVE_LIMIT_MS);
  return new Promise((resolve) =>
    server.close(() => {
      clearTimeout(late);
      resolve();
    }),
  );
}

/** Listens on 127.0.0.1; port 0 takes any that is free. Rejects with Node's error, code EADDRINUSE when it is taken. */
export async function listen(port: number, accept: Accept): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, accept);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve());
  });
  return { port: (server.address() as AddressInfo).port, close: () => stop(server, sockets) };
}
