// Gives the pictures in JupyterLab's outputs their alt text.
//
// A notebook keeps it in the output's metadata: {"image/png": {"alt": "…"}}. JupyterLab 4 leaves it
// out of the page, so that screen readers meet a picture without a word. This wraps JupyterLab's own
// renderers of pictures. It is a "federated extension" written by hand, small enough to need no build.

(() => {
  const NAME = 'tensorflow-workshop-alt-text';
  let shared; // the modules that JupyterLab shares with its extensions

  const load = async name => (await Object.values(shared[name])[0].get())();

  const describe = (renderer, mimeType) => {
    const renderModel = renderer.renderModel.bind(renderer);
    renderer.renderModel = async model => {
      await renderModel(model);
      const image = renderer.node.querySelector('img');
      const alt = model.metadata[mimeType]?.alt;
      if (image && alt) {
        image.alt = alt;
      }
    };
    return renderer;
  };

  const makePlugin = async () => {
    const { IRenderMimeRegistry } = await load('@jupyterlab/rendermime');
    return {
      id: `${NAME}:plugin`,
      description: 'Gives the pictures in outputs their alt text.',
      autoStart: true,
      requires: [IRenderMimeRegistry],
      activate: (app, registry) => {
        for (const mimeType of ['image/png', 'image/jpeg']) {
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
