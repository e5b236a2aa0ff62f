// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelServer

Launch.run(CommandLine.arguments)
MainLoop.run()
