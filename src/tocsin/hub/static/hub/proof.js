// Looks for a number so that SHA-256 of "challenge:number" begins with enough zero bits. SHA-256 (FIPS 180-4) is
// written out here: browsers offer theirs to pages over https only, and one call at a time.
const K = new Uint32Array(64);
const START = new Uint32Array(8);
(() => {
  let found = 0;
  for (let number = 2; found < 64; number += 1) {
    let prime = true;
    for (let by = 2; by * by <= number; by += 1) if (number % by === 0) prime = false;
    if (!prime) continue;
    if (found < 8) START[found] = (Math.sqrt(number) % 1) * 2 ** 32;
    K[found] = (Math.cbrt(number) % 1) * 2 ** 32;
    found += 1;
  }
})();

const W = new Uint32Array(64);
const state = new Uint32Array(8);
const turn = (x, by) => (x >>> by) | (x << (32 - by));

function block(bytes, at) {
  for (let i = 0; i < 16; i += 1) {
    const j = at + i * 4;
    W[i] = (bytes[j] << 24) | (bytes[j + 1] << 16) | (bytes[j + 2] << 8) | bytes[j + 3];
  }
  for (let i = 16; i < 64; i += 1) {
    const a = W[i - 15];
    const b = W[i - 2];
    W[i] = (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10)) + W[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + W[i - 16];
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d;
  state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

// The words of the digest of a text of ASCII characters.
function digest(text) {
  const size = (((text.length + 8) >> 6) + 1) << 6;
  const bytes = new Uint8Array(size);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  bytes[text.length] = 0x80;
  new DataView(bytes.buffer).setUint32(size - 4, text.length * 8);
  state.set(START);
  for (let at = 0; at < size; at += 64) block(bytes, at);
  return state;
}

function zeros(words) {
  let count = 0;
  for (const word of words) {
    const here = Math.clz32(word);
    count += here;
    if (here < 32) break;
  }
  return count;
}

self.addEventListener("message", (event) => {
  const { challenge, bits } = event.data;
  for (let number = 0; ; number += 1) {
    const text = `${challenge}:${number}`;
    if (zeros(digest(text)) >= bits) {
      self.postMessage(text);
      return;
    }
  }
});
