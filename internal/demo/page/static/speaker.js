// Speaker: one line to write in, and what becomes of it. What did not get through
// comes back into the line.

class Speaker {
  #form;
  #input;
  #error;
  #say;
  #waiting = ''; // was sent and has not come back yet

  // say sends a text and tells whether it could.
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

  // heard is told of each of our own messages that comes back.
  heard(text) {
    if (text === this.#waiting) this.#waiting = '';
    this.complain('');
  }

  // complain shows what is wrong, or with '' nothing.
  complain(text) {
    this.#error.textContent = text;
    this.#error.hidden = text === '';
  }

  // giveBack puts what did not get through back into the line, unless there is more
  // there already.
  giveBack() {
    if (this.#waiting && this.#input.value === '') this.#input.value = this.#waiting;
    this.#waiting = '';
  }

  #submit() {
    const text = this.#input.value.trim();
    this.#input.focus();
    if (text === '') return;
    if (!this.#say(text)) {
      this.complain('Not connected just now. Your words stay here; send them again in a moment.');
      return;
    }
    this.#waiting = text;
    this.#input.value = '';
    this.complain('');
  }
}

// talkOver opens the socket that a speaker speaks over. on has state(name, detail) and
// log(direction, text, event); hear gets all messages but errors, which the speaker shows.
function talkOver(url, hello, speaker, on, hear) {
  const failed = (text) => {
    speaker.giveBack();
    if (text) speaker.complain(text);
  };
  return new Socket(url, JSON.stringify(hello), {
    state: (name, detail) => {
      on.state(name, detail);
      if (name === 'waiting' || name === 'refused') failed(detail.error ? kindly(detail.error) : closedKindly(detail.code));
    },
    sent: (text) => on.log('sent', text, JSON.parse(text).type ?? 'hello'),
    received: (text, message) => {
      on.log('received', text, message.event ?? message.type ?? (message.error ? 'error' : ''));
      if (message.error) failed(kindly(message));
      else hear(message);
    },
    closed: (code, reason) => on.log('note', `closed with code ${code}${reason ? `: ${reason}` : ''}`, 'close'),
  });
}

// kindly puts what the server says is wrong into words for somebody who talks.
function kindly({ error, error_detail: detail }) {
  const told = detail ? ` (${detail})` : '';
  switch (error) {
    case 'Rate limit exceeded': return `That was a little too much at once. Wait a moment, then try again${told}.`;
    case 'Room belongs to different project': return 'This room belongs to somebody else. Choose another one.';
    case 'Room not found': return 'This room is gone. Choose another one.';
    case 'API key is required':
    case 'Invalid API key': return `The server does not accept this page’s key any more${told}.`;
    default: return `The server did not take that: ${error}${told}.`;
  }
}

// closedKindly tells why a socket has ended, where that is the talker's concern.
function closedKindly(code) {
  switch (code) {
    case 1009: return 'That was longer than the server takes. Make it shorter.';
    case 4008: return 'This window could not keep up and was cut off. It comes back by itself.';
    default: return '';
  }
}
