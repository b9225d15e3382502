// A shop's whole front end: open the payment page, and believe it only after the shop's server has.
const { key, order } = document.body.dataset;
const log = document.getElementById('log');
const settings = document.getElementById('settings');

function tell(name, data) {
  const item = document.createElement('li');
  const title = document.createElement('b');
  title.textContent = name;
  item.append(title, ` ${JSON.stringify(data)}`);
  log.prepend(item);
}

async function confirm(result) {
  const response = await fetch('/confirm', { method: 'POST', body: JSON.stringify(result) });
  const { confirmed } = await response.json();
  tell(confirmed ? 'signature checked by the shop’s server' : 'signature is wrong', { paymentId: result.paymentId });
}

document.getElementById('buy').addEventListener('click', () => {
  const checkout = new PaymentGateway({
    key,
    orderId: order,
    theme: settings.elements.theme.value,
    locale: settings.elements.locale.value,
    onSuccess: (result) => {
      tell('onSuccess', result);
      void confirm(result);
    },
    onFailure: (error) => tell('onFailure', error),
    onClose: (info) => tell('onClose', info),
  });
  checkout.open();
});
