// The page that says why there is nothing to pay. It tells the shop's page, so that its developer learns.
import { readFragment } from '../sdk/protocol';
import { Parent } from './parent';

const shown = document.getElementById('error');
if (shown) {
  const parent = new Parent(shown.dataset['errorOrigin'] ?? '', readFragment(location.hash).nonce);
  parent.listen((message) => {
    if (message.type === 'close_request') parent.send({ type: 'close_modal', reason: message.reason });
  });
  parent.send({ type: 'ready' });
  parent.send({ type: 'error', code: shown.dataset['errorCode'] ?? '', message: shown.dataset['errorText'] ?? '' });
  parent.send({ type: 'resize', height: document.body.scrollHeight });
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape') parent.send({ type: 'close_modal', reason: 'escape' });
  });
}
