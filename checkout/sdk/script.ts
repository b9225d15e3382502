// The entry of checkout.js: `window.PaymentGateway` is the constructor.
import { PaymentGateway } from './gateway';

const script = document.currentScript;
if (script instanceof HTMLScriptElement && script.src) PaymentGateway.origin = new URL(script.src).origin;

declare global {
  interface Window {
    PaymentGateway: typeof PaymentGateway;
  }
}

// A page that has the script twice keeps the first: what it shows belongs to it.
window.PaymentGateway ??= PaymentGateway;
