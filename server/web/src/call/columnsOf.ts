/** Aspect ratio at which a tile looks right. */
const ASPECT = 1.5;
/** Smaller tiles cannot be read; more people than that have to be scrolled to. */
const LEAST_TILE_PX = { width: 132, height: 104 };

/** The number of columns that makes the tiles as large as possible. */
export function columnsOf(options: { count: number; width: number; height: number; gap: number }): number {
  const { count, width, height, gap } = options;
  let best = { columns: 1, size: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const tileWidth = (width - gap * (columns - 1)) / columns;
    const tileHeight = (height - gap * (rows - 1)) / rows;
    if (tileHeight < LEAST_TILE_PX.height || tileWidth < LEAST_TILE_PX.width) continue;
    const size = Math.min(tileWidth / ASPECT, tileHeight);
    if (size > best.size) best = { columns, size };
  }
  if (best.size > 0) return best.columns;
  return Math.max(1, Math.min(count, Math.floor((width + gap) / (LEAST_TILE_PX.width + gap))));
}
