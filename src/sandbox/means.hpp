#pragma once
// Internal to the room: which of the kernel's means a run uses. run_confined() uses all that
// means() has found; the tests take some away, to see what the others hold.

#include <string>

#include "sandbox/confined_process.hpp"

namespace hub::sandbox {

struct Means {
  bool user_namespace = false;  // needed for the other namespaces by who is not root
  bool namespaces = false;      // of processes, network, mounts, IPC and host name
  bool root = false;            // a root directory of its own, with what it may see
  bool proc = false;            // /proc in it, of its own processes only
  int landlock = 0;             // the kernel's version of it; 0: none
  bool filter = false;          // seccomp
  bool group_kill = false;      // a cgroup: whatever is in it can be killed
  bool group_memory = false, group_processes = false;  // and limits both for all of it together
};

// Found out by doing it, once.
const Means& means();

Result<ProcessOutcome> run_confined_by(const Means&, const ConfinedProcess&);

// The step that the kernel refused, of an error "confinement_failed": "root", "proc", …
std::string refused_step(const Error&);

}  // namespace hub::sandbox
