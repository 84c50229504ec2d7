import websocket
import json

def on_message(ws, message):
    data = json.loads(message)
    if data.get('type') == 'message':
        print(f"{data['user_name']}: {data['data']}")

def on_open(ws):
    ws.send(json.dumps({
        "api_key": "your-api-key",
        "user_id": "user_123",
        "user_name": "Python Client"
    }))

ws = websocket.WebSocketApp(
    "wss://api.cocobase.buzz/realtime/broadcast",
    on_message=on_message,
    on_open=on_open
)

# Run in separate thread
import threading
thread = threading.Thread(target=ws.run_forever)
thread.start()

# Send message
import time
time.sleep(2)
ws.send(json.dumps({
    "type": "message",
    "data": {"text": "Hello from Python!"}
}))
