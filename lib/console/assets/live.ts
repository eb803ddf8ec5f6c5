/**
 * The pages' only script. It listens to `/live` and puts in what the server rendered. The server may end each answer
 * (a Lambda behind an HTTP API cannot stream): the browser then connects again by itself, with the number of the last
 * event that it saw. A page that nobody looks at does not ask.
 */
export const liveScript = `
'use strict';
const light = document.querySelector('.live');
const images = document.querySelector('#images tbody');
const feed = document.querySelector('ol.feed');
const about = light?.dataset.about;
const MAX_LINES = 200;
const RETRY_MS = 5000;

// --- how long ago

const units = [[86400, 'day'], [3600, 'hour'], [60, 'minute'], [1, 'second']];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
function tellTimes(root) {
  for (const time of root.querySelectorAll('.when time, dd time')) {
    const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
    if (!Number.isFinite(seconds)) continue;
    const [size, unit] = units.find(([size]) => Math.abs(seconds) >= size) ?? units.at(-1);
    const ago = relative.format(Math.round(seconds / size), unit);
    if (time.closest('dd')) time.title = ago;
    else if (Math.abs(seconds) < 7 * 86400) time.textContent = ago;
  }
}
tellTimes(document);
setInterval(() => tellTimes(document), 30000);

// --- which images are shown

const search = document.querySelector('#search');
const buttons = [...document.querySelectorAll('.filters button')];
let show = '';
function sift() {
  if (!images) return;
  const words = (search?.value ?? '').toLowerCase().split(/\\s+/).filter(Boolean);
  const counts = new Map();
  let visible = 0;
  for (const row of images.rows) {
    counts.set(row.dataset.standing, (counts.get(row.dataset.standing) ?? 0) + 1);
    row.hidden = (show !== '' && row.dataset.standing !== show) || !words.every((word) => row.dataset.name.includes(word));
    if (!row.hidden) visible++;
  }
  for (const button of buttons) {
    button.querySelector('b').textContent = button.dataset.show === '' ? images.rows.length : (counts.get(button.dataset.show) ?? 0);
    button.setAttribute('aria-pressed', String(button.dataset.show === show));
  }
  document.querySelector('.nothing').hidden = visible > 0 || images.rows.length === 0;
}
for (const button of buttons) button.addEventListener('click', () => { show = button.dataset.show; sift(); });
search?.addEventListener('input', sift);

// --- what is new

function elementsOf(tag, html) {
  const box = document.createElement(tag);
  box.innerHTML = html;
  return [...box.children];
}
function putRow({ id, html, without }) {
  for (const gone of without ?? []) document.getElementById(gone)?.remove();
  const [row] = elementsOf('tbody', html);
  if (!row) return;
  row.classList.add('fresh');
  const old = document.getElementById(id);
  if (old) old.replaceWith(row);
  else images.prepend(row);
  document.querySelector('.card .empty')?.remove();
  images.closest('.card').classList.remove('bare');
  tellTimes(images);
  sift();
}
async function renew() {
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const opened = [...document.querySelectorAll('details')].map((one) => one.open);
  document.querySelector('main').replaceWith(page.querySelector('main'));
  document.querySelectorAll('details').forEach((one, i) => { one.open = opened[i] ?? false; });
  tellTimes(document);
}
let last = light?.dataset.after;
let source;
function listen() {
  source?.close();
  source = new EventSource('/live?after=' + last);
  source.onopen = () => { light.classList.remove('off'); light.classList.add('on'); light.textContent = 'live'; };
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return;
    light.classList.replace('on', 'off');
    light.textContent = 'not connected';
    setTimeout(() => { if (!document.hidden) listen(); }, RETRY_MS);
  };
  const on = (name, act) => source.addEventListener(name, (event) => { last = event.lastEventId || last; act(JSON.parse(event.data)); });
  on('image', (news) => { if (images) putRow(news); else if (news.id === about) renew(); });
  on('activity', ({ html }) => {
    if (!feed) return;
    feed.parentElement.querySelector('.nothing')?.remove();
    feed.prepend(...elementsOf('ol', html).reverse());
    while (feed.children.length > MAX_LINES) feed.lastElementChild.remove();
  });
  on('restart', () => location.reload());
}
if (light) {
  listen();
  document.addEventListener('visibilitychange', () => { if (document.hidden) source.close(); else listen(); });
}
`;
