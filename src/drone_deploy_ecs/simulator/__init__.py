"""ECS in memory, driven by a virtual clock: rehearsal stage, demo, benchmark and test bed.

    world = World(seed=1)                                   # clusters, services, images; time stands still
    world.add_service("prod", "web", task_definition(...))  # starts COMPLETED, with running tasks
    world.push("shop:2", Behaviour(exit_code=1))            # what containers of an image do
    aws = SimulatedAws(world)                               # `send(call)`, the same dicts as botocore's
    world.clock.sleep(60)                                   # only this moves time, never a look

`timing` and `behaviour` are what may be scripted, `model` what ECS keeps, `registry` the task definitions, `account`
all of it together; `lifecycle` is what tasks do, `scheduler` what the service scheduler does every tick (percent
arithmetic, circuit breaker, rollback), `autoscaling` what scaling policies do; `operations` answers calls, `aws` in
process and `http` over loopback; `faults` is what goes wrong with them, `scenario` a file of it all.
"""
