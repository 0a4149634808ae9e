import { createRoot } from 'react-dom/client';
import '@mantine/core/styles.css';
import 'uplot/dist/uPlot.min.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/panels.css';
import './styles/tables.css';
import './styles/pages.css';
import { Dashboard } from './dashboard.tsx';

const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
// Where the library that stops the page from scrolling behind a drawer looks for the nonce of its style element.
Object.assign(globalThis, { __webpack_nonce__: nonce });

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<Dashboard nonce={nonce} />);
