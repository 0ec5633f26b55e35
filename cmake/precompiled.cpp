// Exists so that CMake has something to hang the precompiled header on.
