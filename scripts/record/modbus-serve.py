"""A Modbus/TCP server with a hundred registers: modbus-serve.py ADDRESS PORT."""
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartTcpServer

registers = ModbusSequentialDataBlock(0, [124] * 100)
context = ModbusServerContext(slaves=ModbusSlaveContext(hr=registers, ir=registers), single=True)
StartTcpServer(context=context, address=(sys.argv[1], int(sys.argv[2])))
