"""Plugin for pytest: a property that fails is not made small, and draws are the same each time."""

from hypothesis import Phase, settings

settings.register_profile("sabotage", phases=[Phase.explicit, Phase.generate], derandomize=True)
settings.load_profile("sabotage")
