// An application that uses the npm package "cocobase". It prints what it receives for the test
// that runs it: lines of a name and JSON.
import { WebSocket } from 'ws';
import { Cocobase } from 'cocobase';

// Node has a WebSocket of its own since version 22. The one of "ws" ends the process on an
// error that has no listener, which a browser's does not do.
globalThis.WebSocket ??= class extends WebSocket {
  constructor(...args) {
    super(...args);
    this.on('error', () => {});
  }
};

const print = (name, value = null) => console.log(`${name} ${JSON.stringify(value)}`);
const printer = (name) => (value) => print(name, value);
// The package has no event for a broadcast that is connected. The first message shows it.
const connected = (client) => new Promise((resolve) =>
  client.reconnecting.ws.addEventListener('message', resolve, { once: true }));

const db = new Cocobase({ apiKey: process.env.API_KEY, projectId: 'default' });

const watcher = db.realtime.collection('users', { status: 'active', '[or]age_gte': 18, '[or]name_startswith': 'J' });
watcher.onConnected(printer('connected'));
watcher.onCreate(printer('create'));
watcher.onUpdate(printer('update'));
watcher.onDelete(printer('delete'));
watcher.onError(printer('error'));
watcher.onReconnect(() => print('reconnected'));
watcher.connect();

const john = db.realtime.broadcast('user_123', 'John Doe');
const jane = db.realtime.broadcast('user_456', 'Jane Smith');
john.onMessage((m) => print('john received', [m.user_id, m.user_name, m.data]));
jane.onMessage((m) => print('jane received', [m.user_id, m.user_name, m.data]));
john.connect();
jane.connect();
await Promise.all([connected(john), connected(jane)]);
john.send({ text: 'Hello everyone!', n: [1, null] });

const creator = db.realtime.room('general-chat', 'user_123', 'John Doe');
const guest = db.realtime.room('general-chat', 'user_456', 'Jane Smith');
const absent = db.realtime.room('no-such-room', 'user_456', 'Jane Smith');
absent.join();
const refused = connected(absent).then((e) => print('refused', JSON.parse(e.data)));
await refused;
absent.leave();

creator.on('joined', (m) => {
  print('creator joined', [m.room_id, m.room_title, m.participants, m.user_id]);
});
creator.on('user_joined', (m) => print('guest joined', [m.user_id, m.user_name, m.room_info]));
creator.on('user_left', (m) => print('guest left', [m.user_id, m.user_name, m.room_info]));
creator.on('message', (m) => print('creator received', [m.user_id, m.content, m.room_info]));
creator.create('General Chat');
await connected(creator);

guest.on('joined', async () => {
  print('rooms', await db.realtime.listRooms());
  guest.sendMessage('Hello room!');
});
guest.on('message', () => guest.leave());
guest.join();

process.on('SIGTERM', () => {
  for (const socket of [watcher, john, jane]) socket.disconnect();
  creator.leave();
  print('done');
});
