// Between clients and several programs, as a balancer would stand there.
import http from 'node:http';

/** A proxy as small as can be: asks each backend whether it is ready, and sends nothing to one that is not. */
export async function proxyBefore(backends) {
  const agent = new http.Agent({ keepAlive: true });
  const state = { turn: 0, failed: [], served: 0 };
  const look = async (backend) => {
    backend.ready = await fetch(`${backend.maru.url}/readyz`).then((answer) => answer.status === 200, () => false);
  };
  await Promise.all(backends.map(look));
  const looking = setInterval(() => backends.forEach(look), 200);
  const server = http.createServer((incoming, outgoing) => {
    const ready = backends.filter((backend) => backend.ready);
    const backend = ready[(state.turn += 1) % Math.max(ready.length, 1)];
    if (!backend) return outgoing.writeHead(502).end();
    const request = http.request({ host: '127.0.0.1', port: backend.maru.port, path: incoming.url, method: incoming.method, headers: { ...incoming.headers, 'x-forwarded-for': incoming.headers['x-from'] ?? '203.0.113.1' }, agent },
      (answer) => {
        outgoing.writeHead(answer.statusCode, answer.headers);
        answer.pipe(outgoing);
      });
    request.on('error', () => outgoing.headersSent || outgoing.writeHead(502).end());
    incoming.pipe(request);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { port: server.address().port, close: () => { clearInterval(looking); server.close(); server.closeAllConnections(); agent.destroy(); } };
}
