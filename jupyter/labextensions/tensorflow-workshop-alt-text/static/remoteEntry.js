// Gives the pictures in JupyterLab's outputs their alt text, figures the colours of its theme, sliders
// their names, and lists their keys.
//
// A notebook keeps the alt text in the output's metadata, {"image/png": {"alt": "…"}}, and JupyterLab
// 4 leaves it out of the page: screen readers meet a picture without a word. The metadata of a figure
// has "pictures", too: [left, top, right, bottom] of each picture in it, in percent. In the dark theme
// the ink becomes light and the paper dark, and a copy on top shows the pictures as they are. This
// wraps JupyterLab's own renderers of pictures.
//
// ipywidgets writes a slider's name beside it and doesn't tie the two together, so that a screen
// reader says a number, and not of what. And on a list's arrows and letters JupyterLab acts itself:
// an arrow goes to the next cell, B makes a new one.
//
// It is a "federated extension" written by hand, small enough to need no build.

(() => {
  const NAME = 'tensorflow-workshop-alt-text';
  // White becomes #111111, the dark theme's paper; hues stay what they are.
  const STYLE = `
    .workshop-figure { display: inline-block; position: relative; max-width: 100%; }
    .workshop-figure img { display: block; max-width: 100%; height: auto; }
    .workshop-figure img + img { display: none; position: absolute; inset: 0; }
    [data-jp-theme-light='false'] :is(.workshop-figure img:first-child, svg.workshop-figure) {
      filter: invert(0.9333) hue-rotate(180deg);
    }
    [data-jp-theme-light='false'] .workshop-figure img + img { display: block; }`;
  let shared; // the modules that JupyterLab shares with its extensions

  const load = async name => (await Object.values(shared[name])[0].get())();

  // Paths that start and end in one corner, so that the ways to the pictures and back enclose nothing.
  const outline = pictures =>
    pictures.map(([left, top, right, bottom]) =>
      [[0, 0], [left, top], [right, top], [right, bottom], [left, bottom], [left, top], [0, 0]]
        .map(([x, y]) => `${x}% ${y}%`).join(',')
    ).join(',');

  const layer = (image, pictures) => {
    const figure = document.createElement('span');
    figure.className = 'workshop-figure';
    image.replaceWith(figure);
    figure.append(image);
    if (pictures.length) {
      const copy = image.cloneNode();
      copy.alt = '';
      copy.style.clipPath = `polygon(${outline(pictures)})`;
      figure.append(copy);
    }
  };

  const describe = (renderer, mimeType) => {
    const renderModel = renderer.renderModel.bind(renderer);
    renderer.renderModel = async model => {
      await renderModel(model);
      const image = renderer.node.querySelector('img');
      const { alt, pictures } = model.metadata[mimeType] ?? {};
      if (image && alt) {
        image.alt = alt;
      }
      if (image && pictures) {
        layer(image, pictures);
      }
    };
    return renderer;
  };

  const mendWidgets = () => {
    for (const knob of document.querySelectorAll('.widget-slider .noUi-handle:not([aria-label])')) {
      const name = knob.closest('.widget-slider').querySelector('.widget-label')?.textContent;
      if (name) knob.setAttribute('aria-label', name);
    }
    for (const list of document.querySelectorAll('.widget-dropdown select:not([data-lm-suppress-shortcuts])')) {
      list.setAttribute('data-lm-suppress-shortcuts', 'true');
    }
  };

  const makePlugin = async () => {
    const { IRenderMimeRegistry } = await load('@jupyterlab/rendermime');
    return {
      id: `${NAME}:plugin`,
      description: 'Alt text for pictures in outputs, the theme for figures, keys and names for widgets.',
      autoStart: true,
      requires: [IRenderMimeRegistry],
      activate: (app, registry) => {
        document.head.append(Object.assign(document.createElement('style'), { textContent: STYLE }));
        new MutationObserver(mendWidgets).observe(document.body, { childList: true, subtree: true });
        for (const mimeType of ['image/png', 'image/jpeg', 'image/svg+xml']) {
          const own = registry.getFactory(mimeType);
          const createRenderer = options => describe(own.createRenderer(options), mimeType);
          registry.addFactory({ ...own, mimeTypes: [mimeType], createRenderer });
        }
      }
    };
  };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = {
    init: modules => {
      shared = modules;
    },
    get: async () => {
      const plugin = await makePlugin();
      return () => ({ __esModule: true, default: plugin });
    }
  };
})();
