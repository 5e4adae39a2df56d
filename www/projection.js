// Compares vectors, and projects them onto a plane: the two directions in which they differ most (principal components).

const ROUNDS = 200; // of power iteration, which is more than enough for a picture
const MOST_MOVES = 100; // rounds of pushing points apart
const dot = (a, b) => a.reduce((sum, value, index) => sum + value * b[index], 0);

/** The cosine of each pair of vectors. */
export function similarities(vectors) {
  const lengths = vectors.map((vector) => Math.sqrt(dot(vector, vector)) || 1);
  return vectors.map((a, i) => vectors.map((b, j) => dot(a, b) / (lengths[i] * lengths[j])));
}

/**
 * Two coordinates for each vector. The eigenvectors of the n × n matrix of inner products of the centred vectors equal the projections onto the eigenvectors of the
 * covariance, and n is small.
 */
export function project(vectors) {
  const mean = vectors[0].map((_, axis) => vectors.reduce((sum, vector) => sum + vector[axis], 0) / vectors.length);
  const centred = vectors.map((vector) => Float64Array.from(vector, (value, axis) => value - mean[axis]));
  const products = centred.map((a) => centred.map((b) => dot(a, b)));
  const first = strongest(products, []);
  const second = strongest(products, [first]);
  return vectors.map((_, index) => [first, second].map(({ direction, value }) => direction[index] * Math.sqrt(Math.max(0, value))));
}

/** The direction that a matrix stretches most, at right angles to those found before. */
function strongest(matrix, found) {
  let direction = matrix.map((_, index) => Math.cos(index * 1.7 + found.length) + 0.1);
  let value = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    let next = matrix.map((row) => dot(row, direction));
    for (const { direction: other } of found) {
      const share = dot(next, other);
      next = next.map((part, index) => part - share * other[index]);
    }
    value = Math.sqrt(dot(next, next));
    if (value < 1e-12) return { direction: direction.map(() => 0), value: 0 };
    direction = next.map((part) => part / value);
  }
  return { direction, value };
}

/** Moves points as little as necessary for each pair to be `distance` apart, within the bounds, so that none hides another. */
export function apart(points, distance, [least, most]) {
  const moved = points.map((point) => [...point]);
  const inside = (value) => Math.min(most, Math.max(least, value));
  for (let round = 0; round < MOST_MOVES; round += 1) {
    let still = true;
    for (const [i, a] of moved.entries()) {
      for (const b of moved.slice(i + 1)) {
        const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
        const gap = Math.hypot(dx, dy);
        if (gap >= distance) continue;
        still = false;
        // At the same place any direction is as good, but they must not all move the same way.
        const [x, y] = gap > 0 ? [dx / gap, dy / gap] : [Math.cos(i), Math.sin(i)];
        const push = (distance - gap) / 2 + 0.01;
        [a[0], a[1], b[0], b[1]] = [a[0] - x * push, a[1] - y * push, b[0] + x * push, b[1] + y * push].map(inside);
      }
    }
    if (still) break;
  }
  return moved;
}
