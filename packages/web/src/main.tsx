import { createRoot } from 'react-dom/client';
import { Toaster } from 'sonner';
import { enter, followTokens } from './api/access.ts';
import { App } from './app.tsx';
import './styles.css';

// A host of another build has other files: what this page would load later is gone. Without a host, too, but then there is no
// other page to be had.
addEventListener('vite:preloadError', () => {
  fetch('/').then(
    () => location.reload(),
    () => undefined,
  );
});

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <>
      <App />
      <Toaster
        theme="system"
        position="bottom-right"
        // Above how a program has ended, and above the keys for a phone.
        offset={{ bottom: 60, right: 20 }}
        mobileOffset={{ bottom: 60 }}
        closeButton
        toastOptions={{ duration: 8_000 }}
      />
    </>,
  );
}
followTokens();
void enter();
