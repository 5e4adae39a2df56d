// The same as page.mjs in what is left of the browser.
import "./old-browser.mjs";
import "./page.mjs";
