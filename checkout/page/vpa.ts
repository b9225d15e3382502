/** What UPI apps take in practice; NPCI publishes no grammar. The server's is the same (processor/vpa.go). */
const pattern = /^[a-zA-Z0-9._-]{2,256}@[a-zA-Z][a-zA-Z0-9]{1,63}$/;

export function vpaProblem(text: string): 'required' | 'email' | 'invalid' | null {
  const vpa = text.trim();
  if (!vpa) return 'required';
  if (pattern.test(vpa)) return null;
  // The part behind the @ has no dot: that is what tells a UPI ID from an e-mail address.
  return /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(vpa) ? 'email' : 'invalid';
}
