const response = await fetch('https://api.cocobase.buzz/realtime/rooms', {
  headers: {
    'X-API-Key': 'your-api-key'
  }
});

const result = await response.json();
console.log(`Total rooms: ${result.total}`);
result.rooms.forEach(room => {
  console.log(`${room.title} - ${room.participants} participants`);
});
