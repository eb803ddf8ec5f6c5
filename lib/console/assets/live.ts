/**
 * The pages' only script. It listens to `/live` and puts in what the server rendered. The server may end each answer
 * (a Lambda behind an HTTP API cannot stream): the browser then connects again by itself, with the number of the last
 * event that it saw.
 */
export const liveScript = `
'use strict';
const light = document.querySelector('.live');
const images = document.querySelector('#images tbody');
const feed = document.querySelector('ol.feed');
if (light && images && feed) {
  const source = new EventSource('/live?after=' + light.dataset.after);
  source.onopen = () => { light.classList.add('on'); light.textContent = 'live'; };
  source.onerror = () => { if (source.readyState === EventSource.CLOSED) { light.classList.remove('on'); light.textContent = 'not connected'; } };
  source.addEventListener('image', (event) => {
    const { id, html } = JSON.parse(event.data);
    const box = document.createElement('tbody');
    box.innerHTML = html;
    const row = box.firstElementChild;
    if (!row) return;
    row.classList.add('fresh');
    const old = document.getElementById(id);
    if (old) old.replaceWith(row);
    else { images.prepend(row); document.querySelector('#images .empty')?.remove(); }
  });
  source.addEventListener('activity', (event) => {
    const box = document.createElement('ol');
    box.innerHTML = JSON.parse(event.data).html;
    feed.prepend(...[...box.children].reverse());
    while (feed.children.length > 200) feed.lastElementChild.remove();
  });
}
`;
