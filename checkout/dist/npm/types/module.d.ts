import { PaymentGateway } from './gateway';
export { PaymentGateway, CheckoutError } from './gateway';
export type * from './types';
export default PaymentGateway;
