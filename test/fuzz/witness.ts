/** Somebody who only wants a picture, in a session of their own, while the server is under attack. */
import { createHash } from 'node:crypto';
import { bytesOf, WsClient } from '../support/ws-client.ts';

/**
 * Goes once from prompt to approval to a fresh start.
 * @throws {Error} when anything is not as it would be on a quiet day
 */
export async function goThroughLoop(address: string, prompt: string): Promise<void> {
  const client = new WsClient(address);
  try {
    await client.open();
    client.send({ type: 'join' });
    const { turn } = await client.stage('initial_input');
    client.send({ type: 'generate', commandId: 'generate', turn, prompt });
    const shown = await client.stage('user_feedback');
    const { imageId, sha256 } = shown.image;
    const image = client.of('image').find((one) => one.imageId === imageId);
    if (!image || createHash('sha256').update(bytesOf(image)).digest('hex') !== sha256) throw new Error('Other bytes.');
    client.send({ type: 'approve', commandId: 'approve', turn: shown.turn, imageId, sha256 });
    const { turn: last, decisions } = await client.stage('final');
    client.send({ type: 'start_over', commandId: 'start_over', turn: last });
    await client.stage('initial_input', (snapshot) => snapshot.turn > last);
    const prompts = client.of('snapshot').flatMap(({ attempts }) => attempts.map((attempt) => attempt.prompt));
    if (decisions.length !== 1 || prompts.some((one) => one !== prompt)) throw new Error("Somebody else's session.");
    if (client.of('reject').length > 0) throw new Error(`Refused: ${client.last('reject').code}`);
  } finally {
    client.socket.terminate();
  }
}
