/**
 * The limit of what comes from upstream: asks for an image, looks at no byte of the answer, and writes as many bytes as an image has to
 * everybody whenever another one has come. Its environment: `OPENAI_BASE_URL`.
 */
import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { offer } from './offer.ts';

const sockets: Socket[] = [];
const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
await once(server.listen(0, '127.0.0.1'), 'listening');

offer({
  port: () => (server.address() as AddressInfo).port,
  /** Resolves when the answer has ended. */
  async generate({ bytes }: { readonly bytes: number }): Promise<void> {
    const image = Buffer.alloc(bytes, 'x');
    const asked = request(`${process.env.OPENAI_BASE_URL}/responses`, { method: 'POST' }).end();
    const [response] = await once(asked, 'response');
    const ends = String(response.headers['x-images-end']).split(' ').map(Number);
    let received = 0;
    for await (const chunk of response) {
      received += chunk.length;
      for (; received >= (ends[0] ?? Number.POSITIVE_INFINITY); ends.shift()) {
        for (const socket of sockets) socket.write(image);
      }
    }
  },
});
