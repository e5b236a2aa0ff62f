// SPDX-License-Identifier: Apache-2.0

import Dispatch
import SentinelServer

Launch.run(CommandLine.arguments)
dispatchMain()
