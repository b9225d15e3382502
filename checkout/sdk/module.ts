// The entry of checkout.mjs.
import { PaymentGateway } from './gateway';

PaymentGateway.origin = new URL(import.meta.url).origin;

export { PaymentGateway, CheckoutError } from './gateway';
export type * from './types';
export default PaymentGateway;
