/**
 * Where a carried card would lie: pure arithmetic over rows of cells, so that it can be tried
 * without a browser. A cell is {at, span, kind}; a place is {row, cell}, both indexes.
 */
const column = (cells, index) => cells.slice(0, index).reduce((sum, cell) => sum + cell.span, 0);

/** The place after one arrow key; the same place where there is nothing that way. */
export function step(rows, place, key) {
  const { row, cell } = place;
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const next = cell + (key === "ArrowLeft" ? -1 : 1);
    return rows[row][next] ? { row, cell: next } : place;
  }
  const next = row + (key === "ArrowUp" ? -1 : key === "ArrowDown" ? 1 : 0);
  if (next === row || !rows[next]) {
    return place;
  }
  const from = column(rows[row], cell);
  let end = 0;
  const found = rows[next].findIndex((each) => (end += each.span) > from);
  return found < 0 ? place : { row: next, cell: found };
}
