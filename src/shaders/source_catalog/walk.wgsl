// Elements of a box, THREADS apart and row by row, without a division each: those are made lane by lane on software drivers.
struct Walk {
  column: u32,
  row: u32,
  columns: u32,
  columns_on: u32, // THREADS in columns and rows
  rows_on: u32,
}

fn walk_of(columns: u32, thread: u32) -> Walk {
  let n = max(columns, 1u);
  return Walk(thread % n, thread / n, n, THREADS % n, THREADS / n);
}

fn walk_on(walk: Walk) -> Walk {
  let column = walk.column + walk.columns_on;
  let over = column >= walk.columns;
  return Walk(
    select(column, column - walk.columns, over),
    walk.row + walk.rows_on + select(0u, 1u, over),
    walk.columns,
    walk.columns_on,
    walk.rows_on,
  );
}
