"""What a JupyterHub on one machine needs to serve this workshop to a class.

Any such hub loads this file: The Littlest JupyterHub from its jupyterhub_config.d, another one
with `load_subconfig`. docs/classroom-server.md tells how, and tests/classroom tries it.
"""

from pathlib import Path

WORKSHOP = Path(__file__).resolve().parents[1]  # also through a symbolic link
BIN = WORKSHOP / ".venv" / "bin"

c = get_config()  # noqa: F821 - JupyterHub provides it

# Everyone's JupyterLab runs in the workshop's environment, started as on Binder: with capped
# threads, the way to TensorBoard through the hub, alt text for pictures, `python` in terminals.
c.Spawner.cmd = [str(WORKSHOP / "binder" / "start"), str(BIN / "jupyterhub-singleuser")]
c.Spawner.args = ["--LabApp.news_url=None"]
c.Spawner.default_url = "/lab"
c.Spawner.environment = {"REPO_DIR": str(WORKSHOP)}
# A learner whose code goes wild ends her own kernel, not the class; Binder gives as much. It holds
# where the spawner can limit memory. (The Littlest JupyterHub's has a setting of its own for it.)
c.Spawner.mem_limit = "2G"
# TensorFlow's first import on a busy machine takes its time, and so does JupyterLab.
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
