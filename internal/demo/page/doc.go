// Package page is the demo's page. It shows tables live, with a chat room and a broadcast
// beside them. It is one HTML document with its style and script inside.
//
// # The parts
//
// [Handler] joins the files in static/ once: page.html, style.css, and the scripts in the order
// of the variable scripts. A script has a class with the script's name, or functions on one
// subject:
//
//   - main.js is the page: the chosen table, its filter and its buttons.
//   - socket.js keeps one WebSocket connected; status.js shows its state.
//   - value.js, rows.js and table.js: values, the rows that are known, and their drawing.
//     filter.js reads filters as people type them. meter.js draws the rate of events.
//   - backend.js asks the application's backend for rows and changes.
//   - chat.js is the chat's panel, with room.js and broadcast.js; person.js, people.js, talk.js
//     and speaker.js are what both use.
//   - wire.js lists the frames that were sent and received.
//
// # What is guaranteed
//
// The page loads nothing from other hosts and works without a network. Its
// Content-Security-Policy allows only its own script and style, by their hashes. Values from
// the database and from other people are always shown as text: Trusted Types make the browser
// refuse markup.
//
// # How to test
//
// The tests here check the document and its headers. Tests in integration open the page in a
// browser: go test ./integration -run 'Browser|Accessibility|DemoPage'.
package page
