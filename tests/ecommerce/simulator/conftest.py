from tests.stripe_simulator import simulator, simulator_process

__all__ = ["simulator", "simulator_process"]
