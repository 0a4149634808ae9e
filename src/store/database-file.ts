/** The database of a data folder. In a file of its own: who only looks for it need not load SQLite. */
export const DATABASE_FILE = 'weir.db';
