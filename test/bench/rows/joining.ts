/** Watchers join one session: the CPU that each of them costs the server, beside `ws` that greets each with as many bytes. */
import { greeting, Reviewer, startHost } from '../proofroom.ts';
import { Readers, startBroadcasting } from '../readers.ts';
import { type Row, type Side, scaled } from '../row.ts';

function proofroom(most: number): Side {
  return async (bench) => {
    const watchers = scaled(bench, most);
    const host = await startHost(bench);
    const readers = Readers.start(bench);
    return async () => {
      const { sessionId } = await Reviewer.join(bench, host);
      const before = host.process.cpuMs;
      const order = { port: host.port, count: watchers, greeting: greeting({ type: 'join', sessionId }) };
      await readers.untilQuiet(200, () => readers.open(order));
      const cpu = (host.process.cpuMs - before) / watchers;
      await readers.close();
      await host.process.call('collectGarbage'); // Answered when it has done with those who left.
      return { cpu };
    };
  };
}

function bareWs(most: number): Side {
  return async (bench) => {
    const watchers = scaled(bench, most);
    const server = await startBroadcasting(bench, 'ws');
    const readers = Readers.start(bench);
    return async () => {
      const before = server.process.cpuMs;
      const order = { port: server.port, count: watchers, greeting: server.greeting };
      await readers.untilQuiet(200, () => readers.open(order));
      const cpu = (server.process.cpuMs - before) / watchers;
      await readers.close();
      await server.process.call('collectGarbage');
      return { cpu };
    };
  };
}

const row = (watchers: number): Row => ({
  name: `joining-${watchers}`,
  title: `Joining: CPU for each of ${watchers.toLocaleString('en')} watchers of one session`,
  figures: { cpu: { unit: 'ms', target: { value: 1 } } },
  sides: { Proofroom: proofroom(watchers), ws: bareWs(watchers) },
  limit: 'ws',
});

export const rows: readonly Row[] = [row(10), row(100), row(1_000)];
