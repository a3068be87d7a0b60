using BatchFunctions.Simulation.Running;

return await Commands.RunAsync(args);
