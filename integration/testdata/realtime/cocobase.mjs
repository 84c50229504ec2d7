// What an application does with the npm package "cocobase", told line by line to the
// test that runs it: a name and JSON.
import { WebSocket } from 'ws';
import { Cocobase } from 'cocobase';

// Node has one of its own from version 22 on. That of "ws" ends the process where
// nobody listens to an error, which a browser's does not.
globalThis.WebSocket ??= class extends WebSocket {
  constructor(...args) {
    super(...args);
    this.on('error', () => {});
  }
};

const tell = (what, value = null) => console.log(`${what} ${JSON.stringify(value)}`);
const told = (what) => (value) => tell(what, value);
// The package does not say when a broadcast is connected: its first frame does.
const connected = (client) => new Promise((resolve) =>
  client.reconnecting.ws.addEventListener('message', resolve, { once: true }));

const db = new Cocobase({ apiKey: process.env.API_KEY, projectId: 'default' });

const watcher = db.realtime.collection('users', { status: 'active', '[or]age_gte': 18, '[or]name_startswith': 'J' });
watcher.onConnected(told('connected'));
watcher.onCreate(told('create'));
watcher.onUpdate(told('update'));
watcher.onDelete(told('delete'));
watcher.onError(told('error'));
watcher.onReconnect(() => tell('reconnected'));
watcher.connect();

const john = db.realtime.broadcast('user_123', 'John Doe');
const jane = db.realtime.broadcast('user_456', 'Jane Smith');
john.onMessage((m) => tell('john hears', [m.user_id, m.user_name, m.data]));
jane.onMessage((m) => tell('jane hears', [m.user_id, m.user_name, m.data]));
john.connect();
jane.connect();
await Promise.all([connected(john), connected(jane)]);
john.send({ text: 'Hello everyone!', n: [1, null] });

const creator = db.realtime.room('general-chat', 'user_123', 'John Doe');
const guest = db.realtime.room('general-chat', 'user_456', 'Jane Smith');
const absent = db.realtime.room('no-such-room', 'user_456', 'Jane Smith');
absent.join();
const refused = connected(absent).then((e) => tell('refused', JSON.parse(e.data)));
await refused;
absent.leave();

creator.on('joined', (m) => {
  tell('creator joined', [m.room_id, m.room_title, m.participants, m.user_id]);
});
creator.on('user_joined', (m) => tell('came', [m.user_id, m.user_name, m.room_info]));
creator.on('user_left', (m) => tell('left', [m.user_id, m.user_name, m.room_info]));
creator.on('message', (m) => tell('creator hears', [m.user_id, m.content, m.room_info]));
creator.create('General Chat');
await connected(creator);

guest.on('joined', async () => {
  tell('rooms', await db.realtime.listRooms());
  guest.sendMessage('Hello room!');
});
guest.on('message', () => guest.leave());
guest.join();

process.on('SIGTERM', () => {
  for (const socket of [watcher, john, jane]) socket.disconnect();
  creator.leave();
  tell('done');
});
