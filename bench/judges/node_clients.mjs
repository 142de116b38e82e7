// Everyday calls of three node clients, with their defaults. Ends with 1 if one of them is not content.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { createClient } from 'redis';
import { Redis as IoRedis } from 'ioredis';
import { Redis as IoValkey } from 'iovalkey';

const port = Number(process.argv[2]);
const version = (name) => createRequire(import.meta.url)(`${name}/package.json`).version;

async function nodeRedis() {
  const client = createClient({ socket: { port, host: '127.0.0.1' } });
  await client.connect();
  assert.equal(await client.ping(), 'PONG');
  assert.equal(await client.set('a', '1', { EX: 100 }), 'OK');
  assert.equal(await client.incr('a'), 2);
  assert.deepEqual(await client.mGet(['a', 'none']), ['2', null]);
  assert.deepEqual(await client.multi().set('b', 'x').get('b').exec(), ['OK', 'x']);
  assert.equal((await Promise.all(Array.from({ length: 1000 }, () => client.incr('n')))).at(-1), 1000);
  await assert.rejects(client.sendCommand(['NOSUCH']), /unknown command/);
  const subscriber = client.duplicate();
  await subscriber.connect();
  const message = new Promise((resolve) => { subscriber.subscribe('c', resolve).then(() => client.publish('c', 'hello')); });
  assert.equal(await message, 'hello');
  await subscriber.quit();
  await client.flushAll();
  await client.quit();
}

async function io(Redis) {
  const client = new Redis(port, '127.0.0.1');
  assert.equal(await client.set('a', '1', 'EX', 100), 'OK');
  assert.equal(await client.incr('a'), 2);
  assert.deepEqual(await client.mget('a', 'none'), ['2', null]);
  assert.deepEqual(await client.pipeline().set('b', 'x').get('b').exec(), [[null, 'OK'], [null, 'x']]);
  assert.deepEqual(await client.multi().set('b', 'y').get('b').exec(), [[null, 'OK'], [null, 'y']]);
  await assert.rejects(client.call('NOSUCH'), /unknown command/);
  const subscriber = new Redis(port, '127.0.0.1');
  await subscriber.subscribe('c');
  const message = new Promise((resolve) => subscriber.once('message', (_, text) => resolve(text)));
  await client.publish('c', 'hello');
  assert.equal(await message, 'hello');
  assert.equal(await client.flushall(), 'OK');
  await Promise.all([subscriber.quit(), client.quit()]);
}

for (const [name, run] of [['redis', nodeRedis], ['ioredis', () => io(IoRedis)], ['iovalkey', () => io(IoValkey)]]) {
  await run();
  console.log(`${name} ${version(name)}: pass`);
}
