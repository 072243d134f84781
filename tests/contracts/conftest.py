from tests.devices.conftest import server, the_facts  # noqa: F401  fixtures
