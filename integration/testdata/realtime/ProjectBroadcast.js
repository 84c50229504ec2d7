class ProjectBroadcast {
  constructor(apiKey, userId, userName) {
    this.apiKey = apiKey;
    this.userId = userId;
    this.userName = userName;
    this.ws = null;
    this.onMessageCallbacks = [];
  }

  connect() {
    this.ws = new WebSocket('wss://api.cocobase.buzz/realtime/broadcast');

    this.ws.onopen = () => {
      // Authenticate
      this.ws.send(JSON.stringify({
        api_key: this.apiKey,
        user_id: this.userId,
        user_name: this.userName
      }));

      // Start ping interval
      this.pingInterval = setInterval(() => {
        this.ping();
      }, 30000);
    };

    this.ws.onmessage = (event) => {
      const data = JSON.parse(event.data);

      if (data.event === 'connected') {
        console.log('Connected to broadcast');
      } else if (data.type === 'message') {
        this.onMessageCallbacks.forEach(cb => cb(data));
      }
    };

    this.ws.onclose = () => {
      clearInterval(this.pingInterval);
      // Reconnect after 5 seconds
      setTimeout(() => this.connect(), 5000);
    };
  }

  send(data) {
    if (this.ws && this.ws.readyState === WebSocket.OPEN) {
      this.ws.send(JSON.stringify({
        type: "message",
        data: data
      }));
    }
  }

  ping() {
    if (this.ws && this.ws.readyState === WebSocket.OPEN) {
      this.ws.send(JSON.stringify({ type: "ping" }));
    }
  }

  onMessage(callback) {
    this.onMessageCallbacks.push(callback);
  }

  disconnect() {
    if (this.ws) {
      clearInterval(this.pingInterval);
      this.ws.close();
    }
  }
}

// Usage
const broadcast = new ProjectBroadcast('your-api-key', 'user_123', 'John Doe');

broadcast.onMessage((message) => {
  console.log(`${message.user_name} (${message.user_id}): `, message.data);
});

broadcast.connect();

// Send messages
broadcast.send({ text: 'Hello everyone!' });
broadcast.send({
  type: 'notification',
  title: 'New feature released!',
  description: 'Check it out'
});
