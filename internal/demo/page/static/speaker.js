// Speaker: the form for a message, and its errors. A message that the server did not take comes
// back into the input.

class Speaker {
  #form;
  #input;
  #error;
  #say;
  #waiting = ''; // the text that was sent and has not come back from the server

  // say(text) sends a text, and returns whether it could.
  constructor(form, error, say) {
    this.#form = form;
    this.#input = form.querySelector('input');
    this.#error = error;
    this.#say = say;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  // heard takes in that a message of this page came back from the server.
  heard(text) {
    if (text === this.#waiting) this.#waiting = '';
    this.showError('');
  }

  // showError shows an error; '' hides the last one.
  showError(text) {
    this.#error.textContent = text;
    this.#error.hidden = text === '';
  }

  // giveBack puts the text that did not get through back into the input, if that is empty.
  giveBack() {
    if (this.#waiting && this.#input.value === '') this.#input.value = this.#waiting;
    this.#waiting = '';
  }

  #submit() {
    const text = this.#input.value.trim();
    this.#input.focus();
    if (text === '') return;
    if (!this.#say(text)) {
      this.showError('Not connected just now. Your message stays here: send it again in a moment.');
      return;
    }
    this.#waiting = text;
    this.#input.value = '';
    this.showError('');
  }
}

// talkOver opens the socket of a room or of the broadcast. The speaker shows errors; hear
// receives all other messages. on has state(name, detail) and log(direction, text, event).
function talkOver(url, hello, speaker, on, hear) {
  const failed = (text) => {
    speaker.giveBack();
    if (text) speaker.showError(text);
  };
  return new Socket(url, JSON.stringify(hello), {
    state: (name, detail) => {
      on.state(name, detail);
      if (name === 'waiting' || name === 'refused') failed(detail.error ? friendlyError(detail.error) : friendlyClose(detail.code));
    },
    sent: (text) => on.log('sent', text, JSON.parse(text).type ?? 'hello'),
    received: (text, message) => {
      on.log('received', text, message.event ?? message.type ?? (message.error ? 'error' : ''));
      if (message.error) failed(friendlyError(message));
      else hear(message);
    },
    closed: (code, reason) => on.log('note', `closed with code ${code}${reason ? `: ${reason}` : ''}`, 'close'),
  });
}

// friendlyError returns an error of the server in words for a person in a chat.
function friendlyError({ error, error_detail: detail }) {
  const more = detail ? ` (${detail})` : '';
  switch (error) {
    case 'Rate limit exceeded': return `That was a little too much at once. Wait a moment, then try again${more}.`;
    case 'Room belongs to different project': return 'This room belongs to somebody else. Choose another one.';
    case 'Room not found': return 'This room is gone. Choose another one.';
    case 'API key is required':
    case 'Invalid API key': return `The server does not accept this page’s key any more${more}.`;
    default: return `The server did not take that: ${error}${more}.`;
  }
}

// friendlyClose says why a socket was closed, if the person can do something about it.
function friendlyClose(code) {
  switch (code) {
    case 1009: return 'This message is longer than the server accepts. Make it shorter.';
    case 4008: return 'This window was too slow, so the server disconnected it. It connects again by itself.';
    default: return '';
  }
}
